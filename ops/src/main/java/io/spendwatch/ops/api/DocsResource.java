package io.spendwatch.ops.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.encodeResponse;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.getFromResource;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathEnd;
import static org.apache.pekko.http.javadsl.server.Directives.pathPrefix;
import static org.apache.pekko.http.javadsl.server.Directives.respondWithHeaders;

import io.spendwatch.ops.api.answers.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpCharsets;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The contract of the HTTP interface, and a page to read it and try it on.
 *
 * <pre>
 *   GET /openapi.yaml   OpenAPI 3.1
 *   GET /docs           the page; its files, Swagger UI's among them, are below /docs/
 * </pre>
 *
 * Everything comes from this node, so that it works where nothing else can be reached.
 */
public final class DocsResource implements Resource {
  private static final String OURS = "io/spendwatch/ops/api/";
  private static final String SWAGGER_UI = "META-INF/resources/webjars/swagger-ui/" + version();

  private static final ContentType.WithFixedCharset YAML =
      ContentTypes.create(
          MediaTypes.customWithFixedCharset(
              "application", "yaml", HttpCharsets.UTF_8, Map.of(), false));
  private static final ContentType HTML = ContentTypes.TEXT_HTML_UTF8;
  private static final ContentType CSS = ContentTypes.parse("text/css; charset=utf-8");
  private static final ContentType SCRIPT = ContentTypes.parse("text/javascript; charset=utf-8");

  /** Swagger UI has its pictures as data within its style sheet. */
  private static final List<HttpHeader> SAFE =
      List.of(
          RawHeader.create(
              "Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                  + " connect-src 'self'; base-uri 'none'; form-action 'none';"
                  + " frame-ancestors 'none'"),
          // So that a node of a new version is not looked at through files of the old one.
          RawHeader.create("Cache-Control", "no-cache"));

  private final String openApi;

  /** Reads the document, once. */
  public DocsResource() {
    try (InputStream document = resource(OURS + "openapi.yaml")) {
      this.openApi = new String(document.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Route routes() {
    return concat(
        path("openapi.yaml", () -> get(() -> complete(HttpEntities.create(YAML, openApi)))),
        pathPrefix("docs", () -> get(() -> respondWithHeaders(SAFE, this::page))));
  }

  /** Only these files, whatever else is on the class path. */
  private Route page() {
    return encodeResponse(
        () ->
            concat(
                pathEnd(() -> getFromResource(OURS + "docs.html", HTML)),
                path("docs.js", () -> getFromResource(OURS + "docs.js", SCRIPT)),
                path("docs.css", () -> getFromResource(OURS + "docs.css", CSS)),
                path(
                    "swagger-ui-bundle.js",
                    () -> getFromResource(SWAGGER_UI + "/swagger-ui-bundle.js", SCRIPT)),
                path(
                    "swagger-ui.css", () -> getFromResource(SWAGGER_UI + "/swagger-ui.css", CSS))));
  }

  /** Its files lie below it; the library says it of itself. */
  private static String version() {
    var properties = new Properties();
    try (InputStream stated = resource("META-INF/maven/org.webjars/swagger-ui/pom.properties")) {
      properties.load(stated);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version");
  }

  private static InputStream resource(String name) {
    InputStream resource = DocsResource.class.getClassLoader().getResourceAsStream(name);
    if (resource == null) {
      throw new IllegalStateException("not on the class path: " + name);
    }
    return resource;
  }
}
