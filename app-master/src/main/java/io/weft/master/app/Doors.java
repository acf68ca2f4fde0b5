package io.weft.master.app;

import io.weft.master.gateway.DataSocketServer;
import io.weft.master.gateway.Gateway;
import io.weft.master.results.ResultSource;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import py4j.GatewayServer;

/** The two doors of one application, open: Py4J for control, the data socket for bytes. */
public final class Doors implements AutoCloseable {

    private final GatewayServer control;
    private final DataSocketServer data;

    private Doors(GatewayServer control, DataSocketServer data) {
        this.control = control;
        this.data = data;
    }

    /** {@code folder}: of mode 0700; the socket is made in it. */
    public static Doors open(Application application, ResultSource results, String token, Path folder)
            throws IOException {
        DataSocketServer data = new DataSocketServer(
                folder.resolve("data.sock"),
                token,
                new DataSocketServer.Services(application.jobs(), application.blocks(), results));
        GatewayServer control = new GatewayServer.GatewayServerBuilder(new Gateway(application))
                .javaAddress(InetAddress.getLoopbackAddress())
                .javaPort(0)
                .authToken(token)
                .build();
        control.start(true);
        data.start();
        return new Doors(control, data);
    }

    public int port() {
        return control.getListeningPort();
    }

    public Path socket() {
        return data.path();
    }

    /** Closes both; running jobs are cancelled and cleaned up before this returns. */
    @Override
    public void close() {
        data.close();
        control.shutdown();
    }
}
