package io.weft.runner.rpc;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.security.Credentials;
import org.apache.hadoop.security.token.SecretManager;
import org.apache.hadoop.security.token.Token;

/**
 * The application's 32 random bytes and what is derived from them: RPC tokens (their password is the identifier's HMAC) and
 * the block server's key. The bytes travel only in Hadoop credentials files.
 */
public final class ApplicationSecret extends SecretManager<ApplicationTokenIdentifier> {
    /** Name of the bytes among a credentials file's secret keys. */
    public static final Text NAME = new Text("weft.secret");

    private static final String SEAL_ALGORITHM = "HmacSHA256";
    private static final String SEAL_PURPOSE = "files on local disks";

    private final String application;
    private final byte[] bytes;
    private final SecretKey key;

    public ApplicationSecret(String application, byte[] bytes) {
        if (bytes.length != 32) {
            throw new IllegalArgumentException("an application secret has 32 bytes, not " + bytes.length);
        }
        this.application = application;
        this.bytes = bytes.clone();
        this.key = createSecretKey(this.bytes);
    }

    public static ApplicationSecret random(String application) {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return new ApplicationSecret(application, bytes);
    }

    /** The secret that {@code credentials} carry. */
    public static ApplicationSecret from(String application, Credentials credentials) throws IOException {
        byte[] bytes = credentials.getSecretKey(NAME);
        if (bytes == null) {
            throw new IOException("the credentials of " + application + " hold no " + NAME);
        }
        return new ApplicationSecret(application, bytes);
    }

    /** Key of the block servers' handshake. */
    public byte[] bytes() {
        return bytes.clone();
    }

    /** Key by which workers seal what they write to local disks: hexadecimal, the same for all runners, made of the secret. */
    public String sealKey() {
        try {
            Mac mac = Mac.getInstance(SEAL_ALGORITHM);
            mac.init(new SecretKeySpec(bytes, SEAL_ALGORITHM));
            return HexFormat.of().formatHex(mac.doFinal(SEAL_PURPOSE.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("this JVM has no " + SEAL_ALGORITHM, impossible);
        }
    }

    /** Credentials that let a runner of {@code user} speak for the application. */
    public Credentials credentials(String user) {
        Credentials credentials = new Credentials();
        credentials.addSecretKey(NAME, bytes.clone());
        ApplicationTokenIdentifier identifier = new ApplicationTokenIdentifier(application, user);
        credentials.addToken(ApplicationTokenIdentifier.KIND, new Token<>(identifier, this));
        return credentials;
    }

    @Override
    protected byte[] createPassword(ApplicationTokenIdentifier identifier) {
        return createPassword(identifier.getBytes(), key);
    }

    @Override
    public byte[] retrievePassword(ApplicationTokenIdentifier identifier) throws InvalidToken {
        if (!application.equals(identifier.application())) {
            throw new InvalidToken("token of " + identifier.application() + " at " + application);
        }
        return createPassword(identifier);
    }

    @Override
    public ApplicationTokenIdentifier createIdentifier() {
        return new ApplicationTokenIdentifier();
    }
}
