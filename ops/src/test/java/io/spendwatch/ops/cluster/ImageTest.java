package io.spendwatch.ops.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.Spendwatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** The image is made in two ways, with an engine and without one, which come to the same. */
class ImageTest {
  private final String dockerfile = read(Path.of("deploy", "Dockerfile"));
  private final Element pom = pom();
  private final Element container = child(pom, "container");

  @Test
  void bothHaveTheSameEnvironment() {
    Element environment = child(container, "environment");
    for (String name : List.of("LC_ALL", "JAVA_TOOL_OPTIONS")) {
      assertThat(child(environment, name).getTextContent()).isEqualTo(variable(name));
    }
    assertThat(environment.getElementsByTagName("*").getLength()).isEqualTo(2);
  }

  @Test
  void bothRunTheSameAsNobody() {
    assertThat(dockerfile).contains("USER " + child(container, "user").getTextContent() + "\n");
    assertThat(child(container, "user").getTextContent()).isEqualTo("10001:10001");
    List<String> entrypoint = texts(child(container, "entrypoint"));
    assertThat(entrypoint.getFirst()).isEqualTo("java");
    assertThat(entrypoint.getLast()).isEqualTo(Spendwatch.class.getName());
    assertThat(dockerfile).contains('"' + entrypoint.getLast() + "\"]");
    assertThat(dockerfile)
        .contains("CMD [\"" + String.join("\", \"", texts(child(container, "args"))) + "\"]");
  }

  /** Where the one finds its jars is where it puts them. */
  @Test
  void theClassPathIsWhereJarsAre() {
    String root = child(container, "appRoot").getTextContent();
    assertThat(texts(child(container, "entrypoint")).get(2))
        .isEqualTo(root + "/classpath/*:" + root + "/libs/*");
    assertThat(dockerfile)
        .contains("COPY ops/target/lib " + root + "/lib\n", root + "/*:" + root + "/lib/*");
  }

  @Test
  void bothHaveTheSameBase() {
    assertThat(dockerfile).contains("ARG BASE_IMAGE=" + text("spendwatch.image.base") + "\n");
  }

  /** What a release stands on is said by a digest; a tag is enough to try something. */
  @ParameterizedTest
  @CsvSource({
    "0.1.0-SNAPSHOT, eclipse-temurin:25-jre, true",
    "0.1.0-SNAPSHOT, tar:///tmp/base.tar, true",
    "0.1.0, eclipse-temurin:25-jre, false",
    "0.1.0, tar:///tmp/base.tar, false",
    "0.1.0, base:x-SNAPSHOT, false",
    "0.1.0, eclipse-temurin:25-jre@sha256:0123, false",
    "0.1.0, eclipse-temurin:25-jre@sha256:DIGITS, true",
    "0.1.0, mirror.example.org:5000/temurin@sha256:DIGITS, true",
    "0.1.0, eclipse-temurin@sha256:DIGITS0, false"
  })
  void aReleaseNamesItsBaseByDigest(String version, String base, boolean taken) {
    assertThat(text("spendwatch.image.made"))
        .isEqualTo("${project.version} on ${spendwatch.image.base}");
    assertThat(text("property")).isEqualTo("spendwatch.image.made");
    String named = base.replace("DIGITS", "0123456789abcdef".repeat(4));
    assertThat((version + " on " + named).matches(text("regex"))).isEqualTo(taken);
  }

  /** Of the only element of that name. */
  private String text(String name) {
    return child(pom, name).getTextContent();
  }

  private String variable(String name) {
    Matcher matcher = Pattern.compile("ENV " + name + "=(\"[^\"]*\"|\\S+)").matcher(dockerfile);
    assertThat(matcher.find()).as(name).isTrue();
    return matcher.group(1).replace("\"", "").replace("\\\n", "");
  }

  private static Element pom() {
    try {
      return DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(Path.of("pom.xml").toFile())
          .getDocumentElement();
    } catch (ParserConfigurationException | SAXException | IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Element child(Element parent, String name) {
    NodeList found = parent.getElementsByTagName(name);
    assertThat(found.getLength()).as(name).isEqualTo(1);
    return (Element) found.item(0);
  }

  private static List<String> texts(Element list) {
    NodeList found = list.getElementsByTagName("arg");
    return IntStream.range(0, found.getLength())
        .mapToObj(index -> found.item(index).getTextContent())
        .toList();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
