package io.weft.runner.rpc;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.UserGroupInformation;
import org.apache.hadoop.security.token.TokenIdentifier;

/** Says which application, and as whom, its holder may speak for. */
public final class ApplicationTokenIdentifier extends TokenIdentifier {
    public static final Text KIND = new Text("WEFT_APPLICATION_TOKEN");

    private final Text application = new Text();
    private final Text user = new Text();

    /** For Hadoop, which fills it by {@link #readFields}. */
    public ApplicationTokenIdentifier() {}

    public ApplicationTokenIdentifier(String application, String user) {
        this.application.set(application);
        this.user.set(user);
    }

    public String application() {
        return application.toString();
    }

    @Override
    public Text getKind() {
        return KIND;
    }

    @Override
    public UserGroupInformation getUser() {
        return UserGroupInformation.createRemoteUser(user.toString());
    }

    @Override
    public void write(DataOutput out) throws IOException {
        application.write(out);
        user.write(out);
    }

    @Override
    public void readFields(DataInput in) throws IOException {
        application.readFields(in, 256);
        user.readFields(in, 256);
    }
}
