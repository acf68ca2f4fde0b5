package io.weft.runner.output;

import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A save that appears all at once: an inner one makes the output in a hidden folder beside its place (see {@link Staging}), and
 * {@link #commit} moves it there when it is complete. For every kind of save that writes below one folder. By one thread at a time.
 */
public final class StagedOutput implements SavedOutput {
    /** Makes a save whose output is the folder {@code work}, of files whose names hold {@code unique}. */
    public interface Inner {
        SavedOutput make(String work, String unique) throws IOException;
    }

    private final Optional<Staging> staging;
    private final SavedOutput inner;
    private final String path;
    private final SaveMode mode;

    private StagedOutput(String path, SaveMode mode, Optional<Staging> staging, SavedOutput inner) {
        this.path = path;
        this.mode = mode;
        this.staging = staging;
        this.inner = inner;
    }

    /** {@code path}: qualified. */
    public static StagedOutput of(String path, SaveMode mode, StagedName name, Configuration conf, Inner inner)
            throws IOException {
        Path target = new Path(path);
        if (!Staging.serves(target)) {
            return new StagedOutput(path, mode, Optional.empty(), inner.make(path, ""));
        }
        Configuration own = new Configuration(conf);
        PosixLocalFileSystem.serve(own);
        Staging staging = new Staging(target, mode, name, own);
        return new StagedOutput(
                path, mode, Optional.of(staging), inner.make(staging.work().toString(), staging.unique()));
    }

    @Override
    public void check(String site) throws IOException {
        if (staging.isEmpty() && mode != SaveMode.ERROR && mode != SaveMode.MERGE) {
            String message = path + " (" + site + "): this file system copies when it renames, so that mode=\""
                    + mode.name().toLowerCase(java.util.Locale.ROOT)
                    + "\" could be seen half done; nothing was run.\nWrite to a new path.";
            throw new OutputException(OutputException.REFUSED, message, null);
        }
        try {
            if (staging.isPresent()) {
                staging.get().check(site);
            }
            inner.check(site);
        } catch (IOException | IllegalArgumentException e) {
            throw OutputCommitters.explain(path, site, e);
        }
    }

    @Override
    public void setup(String site) throws IOException {
        inner.setup(site);
    }

    @Override
    public void commit() throws IOException {
        inner.commit();
        if (staging.isPresent()) {
            try {
                staging.get().publish();
            } catch (IOException e) {
                throw OutputCommitters.explain("the output to " + path + " cannot be committed", e);
            }
        }
    }

    @Override
    public void abort() throws IOException {
        try {
            inner.abort();
        } finally {
            if (staging.isPresent()) {
                staging.get().discard();
            }
        }
    }
}
