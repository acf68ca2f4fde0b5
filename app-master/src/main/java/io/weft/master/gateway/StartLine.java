package io.weft.master.gateway;

import io.weft.master.jobs.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The JSON line that starts a gateway; see DATASOCKET.md.
 *
 * @param token secret of both doors, 64 hexadecimal digits
 * @param pythonVersion version of the driver's interpreter such as "3.11.7", "" when it does not say
 * @param implementation "cpython" or "pypy", "" when it does not say
 * @param hashAlgorithm the driver's string hash, "" when it does not say
 */
public record StartLine(
        String token,
        String master,
        String name,
        Path home,
        Python python,
        Map<String, String> settings,
        Map<String, String> hadoop,
        String script,
        Path folder) {
    /** The interpreter that the driver runs, and that workers must run. */
    public record Python(
            String executable, List<String> path, String version, String implementation, String hashAlgorithm) {}

    public static StartLine parse(String line) throws IOException {
        Map<String, Object> json;
        try {
            json = Json.object(line);
        } catch (IOException error) {
            throw new IOException("the start line is not JSON: " + error.getMessage(), error);
        }
        String token = Json.string(json, "token", "");
        if (!token.matches("[0-9a-f]{64}")) {
            throw new IOException("the start line has no token of 64 hexadecimal digits");
        }
        return new StartLine(
                token,
                Json.string(json, "master", ""),
                Json.string(json, "name", ""),
                Path.of(Json.string(json, "home", ".")).toAbsolutePath(),
                new Python(
                        Json.string(json, "python", "python3"),
                        Json.list(json, "pythonPath"),
                        Json.string(json, "pythonVersion", ""),
                        Json.string(json, "implementation", ""),
                        Json.string(json, "hashAlgorithm", "")),
                Json.strings(json, "settings"),
                Json.strings(json, "hadoop"),
                Json.string(json, "script", ""),
                Path.of(Json.string(json, "cwd", ".")).toAbsolutePath());
    }

    @Override
    public String toString() {
        return "StartLine[" + name + ", " + master + "]";
    }
}
