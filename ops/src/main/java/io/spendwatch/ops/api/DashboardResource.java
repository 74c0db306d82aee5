package io.spendwatch.ops.api;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.concat;
import static org.apache.pekko.http.javadsl.server.Directives.conditional;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;
import static org.apache.pekko.http.javadsl.server.Directives.pathSingleSlash;
import static org.apache.pekko.http.javadsl.server.Directives.reject;

import io.spendwatch.ops.api.answers.Resource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpHeader;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.headers.EntityTag;
import org.apache.pekko.http.javadsl.model.headers.RawHeader;
import org.apache.pekko.http.javadsl.server.PathMatchers;
import org.apache.pekko.http.javadsl.server.Route;

/**
 * The dashboard: static files, of which the pages ask the same interface as everybody else.
 *
 * <pre>
 *   GET /               the page; which of its views is shown stands behind the #
 *   GET /assets/NAME    scripts, styles, pictures
 * </pre>
 *
 * Browsers keep the files, and ask each time whether they are still right (ETag): so a node of a
 * new version is never looked at through scripts of the old one. Only files that are named here are
 * served, whatever path is asked for.
 */
public final class DashboardResource implements Resource {
  private static final String INDEX = "index.html";

  /** All of the directory {@code web} beside this class; a test compares. */
  static final List<String> FILES =
      List.of(
          INDEX,
          "alertlist.js",
          "api.js",
          "app.css",
          "chart.js",
          "dom.js",
          "format.js",
          "icon.svg",
          "livelist.js",
          "main.js",
          "pages/alert.js",
          "pages/alerts.js",
          "pages/analysis.js",
          "pages/audit.js",
          "pages/cluster.js",
          "pages/deadletter.js",
          "pages/deadletters.js",
          "pages/now.js",
          "pages/user.js",
          "pages/users.js",
          "parts.js",
          "stream.js",
          "token.js",
          "vendor/uPlot.LICENSE.txt",
          "vendor/uPlot.iife.min.js",
          "vendor/uPlot.min.css");

  /** By the end of the name; all of them are UTF-8. */
  private static final Map<String, ContentType> TYPES =
      Map.of(
          "html", ContentTypes.TEXT_HTML_UTF8,
          "js", ContentTypes.parse("text/javascript; charset=utf-8"),
          "css", ContentTypes.parse("text/css; charset=utf-8"),
          "svg", ContentTypes.parse("image/svg+xml"),
          "txt", ContentTypes.TEXT_PLAIN_UTF8);

  /**
   * Nothing from elsewhere, nothing inline, in no other page's frame; and no script can make markup
   * of a text, which matters as ids and merchants are anybody's text.
   */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
          + " base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private static final List<HttpHeader> HEADERS =
      List.of(
          RawHeader.create("Cache-Control", "no-cache"),
          RawHeader.create("Content-Security-Policy", POLICY));

  private final Map<String, File> files =
      FILES.stream().collect(Collectors.toUnmodifiableMap(Function.identity(), File::read));

  /** A file in memory. */
  private record File(HttpResponse response, EntityTag tag) {
    static File read(String name) {
      try (InputStream in = DashboardResource.class.getResourceAsStream("web/" + name)) {
        if (in == null) {
          throw new IllegalStateException("not in the class path: web/" + name);
        }
        byte[] content = in.readAllBytes();
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
        return new File(
            HttpResponse.create()
                .addHeaders(HEADERS)
                .withEntity(HttpEntities.create(type(name), content)),
            EntityTag.create(HexFormat.of().formatHex(hash, 0, 16), false));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("every Java platform has SHA-256", e);
      }
    }

    private static ContentType type(String name) {
      return TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    }
  }

  @Override
  public Route routes() {
    return concat(
        pathSingleSlash(() -> get(() -> file(INDEX))),
        path(
            PathMatchers.segment("assets").slash(PathMatchers.remaining()),
            name -> get(() -> file(name))));
  }

  private Route file(String name) {
    File file = files.get(name);
    return file == null ? reject() : conditional(file.tag(), () -> complete(file.response()));
  }
}
