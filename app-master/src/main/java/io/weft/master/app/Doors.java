package io.weft.master.app;

import io.weft.master.gateway.DataSocketServer;
import io.weft.master.gateway.Gateway;
import io.weft.master.results.ResultSource;
import io.weft.runner.files.FilesServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import py4j.GatewayServer;

/** The doors of one application to its driver, open: Py4J for control, the data socket for bytes, and one to Hadoop's files. */
public final class Doors implements AutoCloseable {

    private final GatewayServer control;
    private final DataSocketServer data;
    private final FilesServer files;

    private Doors(GatewayServer control, DataSocketServer data, FilesServer files) {
        this.control = control;
        this.data = data;
        this.files = files;
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
        FilesServer files = new FilesServer(folder.resolve("files.sock"), token, application.hadoop()::get);
        control.start(true);
        data.start();
        return new Doors(control, data, files);
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
        files.close();
        control.shutdown();
    }
}
