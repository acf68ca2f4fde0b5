import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/** Writes local files to HDFS with one copy of each block on a chosen DataNode: BLOCK-BYTES {LOCAL TARGET HOST:PORT}... */
public final class PutOn {
    private static final int BUFFER_BYTES = 1 << 20;

    public static void main(String[] arguments) throws Exception {
        long blockBytes = Long.parseLong(arguments[0]);
        Configuration conf = new Configuration();
        for (int i = 1; i + 2 < arguments.length; i += 3) {
            Path target = new Path(arguments[i + 1]);
            String[] address = arguments[i + 2].split(":");
            InetSocketAddress[] nodes = {new InetSocketAddress(address[0], Integer.parseInt(address[1]))};
            DistributedFileSystem files = (DistributedFileSystem) target.getFileSystem(conf);
            try (InputStream in = Files.newInputStream(java.nio.file.Path.of(arguments[i]));
                    OutputStream out = files.create(
                            target, FsPermission.getFileDefault(), true, BUFFER_BYTES, (short) 1, blockBytes, null, nodes)) {
                in.transferTo(out);
            }
        }
    }
}
