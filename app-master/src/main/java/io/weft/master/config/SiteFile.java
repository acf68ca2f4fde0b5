package io.weft.master.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** Reads an administrator's file in Hadoop's format: configuration / property / name, value, final. */
final class SiteFile {
    record Property(String name, String value, boolean isFinal) {}

    private SiteFile() {}

    static List<Property> read(Path file) throws IOException {
        List<Property> found = new ArrayList<>();
        try (InputStream in = Files.newInputStream(file)) {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            NodeList properties = builder.parse(in).getElementsByTagName("property");
            for (int i = 0; i < properties.getLength(); i++) {
                Element property = (Element) properties.item(i);
                found.add(new Property(
                        text(property, "name"),
                        text(property, "value"),
                        text(property, "final").equals("true")));
            }
        } catch (SAXException | ParserConfigurationException error) {
            throw new IOException(file + " cannot be read as XML: " + error.getMessage(), error);
        }
        return found;
    }

    private static String text(Element property, String tag) {
        NodeList elements = property.getElementsByTagName(tag);
        return elements.getLength() == 0
                ? ""
                : elements.item(0).getTextContent().strip();
    }
}
