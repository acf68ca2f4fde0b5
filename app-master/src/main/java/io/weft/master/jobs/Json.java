package io.weft.master.jobs;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON to and from maps, lists, strings, longs, doubles, booleans and null; by streaming, which starts fast. */
public final class Json {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final int MAX_DEPTH = 64;

    private Json() {}

    /** The object in this text; throws IOException when it is not one JSON object. */
    public static Map<String, Object> object(String text) throws IOException {
        try (JsonParser parser = FACTORY.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not a JSON object");
            }
            Map<String, Object> object = object(parser, 0);
            if (parser.nextToken() != null) {
                throw new IOException("text after the JSON object");
            }
            return object;
        }
    }

    private static Map<String, Object> object(JsonParser parser, int depth) throws IOException {
        if (depth > MAX_DEPTH) {
            throw new IOException("JSON nested deeper than " + MAX_DEPTH);
        }
        Map<String, Object> object = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            object.put(name, value(parser, depth + 1));
        }
        return object;
    }

    private static Object value(JsonParser parser, int depth) throws IOException {
        switch (parser.currentToken()) {
            case START_OBJECT:
                return object(parser, depth);
            case START_ARRAY:
                if (depth > MAX_DEPTH) {
                    throw new IOException("JSON nested deeper than " + MAX_DEPTH);
                }
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser, depth + 1));
                }
                return list;
            case VALUE_NUMBER_INT:
                return parser.getLongValue();
            case VALUE_NUMBER_FLOAT:
                return parser.getDoubleValue();
            case VALUE_TRUE:
                return true;
            case VALUE_FALSE:
                return false;
            case VALUE_NULL:
                return null;
            default:
                return parser.getText();
        }
    }

    /** One line of JSON for a map, list, string, number, boolean or null. */
    public static String text(Object value) {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            write(json, value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return out.toString();
    }

    private static void write(JsonGenerator json, Object value) throws IOException {
        if (value == null) {
            json.writeNull();
        } else if (value instanceof Map<?, ?> object) {
            json.writeStartObject();
            for (Map.Entry<?, ?> entry : object.entrySet()) {
                json.writeFieldName(entry.getKey().toString());
                write(json, entry.getValue());
            }
            json.writeEndObject();
        } else if (value instanceof Iterable<?> list) {
            json.writeStartArray();
            for (Object element : list) {
                write(json, element);
            }
            json.writeEndArray();
        } else if (value instanceof Integer || value instanceof Long) {
            json.writeNumber(((Number) value).longValue());
        } else if (value instanceof Double number) {
            json.writeNumber(number);
        } else if (value instanceof Boolean flag) {
            json.writeBoolean(flag);
        } else {
            json.writeString(value.toString());
        }
    }

    /** The text under a name, or the fallback. */
    public static String string(Map<String, Object> object, String name, String fallback) {
        return object.get(name) instanceof String text ? text : fallback;
    }

    /** The strings of an object under a name; other values by their text, none when it is missing. */
    public static Map<String, String> strings(Map<String, Object> object, String name) {
        Map<String, String> found = new LinkedHashMap<>();
        if (object.get(name) instanceof Map<?, ?> inner) {
            for (Map.Entry<?, ?> entry : inner.entrySet()) {
                if (entry.getValue() != null) {
                    found.put(entry.getKey().toString(), entry.getValue().toString());
                }
            }
        }
        return found;
    }

    /** The texts of a list under a name, none when it is missing. */
    public static List<String> list(Map<String, Object> object, String name) {
        List<String> found = new ArrayList<>();
        if (object.get(name) instanceof List<?> inner) {
            for (Object element : inner) {
                found.add(String.valueOf(element));
            }
        }
        return found;
    }
}
