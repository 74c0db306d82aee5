package io.spendwatch.ops.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DashboardResourceTest {
  private static final List<String> ALL = DashboardResource.FILES;
  private static final Pattern IMPORTED =
      Pattern.compile("^import [^;]* from \"([^\"]+)\";$", Pattern.MULTILINE);

  private final HttpClient client = HttpClient.newHttpClient();
  private ServedApi api;
  private URI server;

  @BeforeAll
  void listen() throws Exception {
    api = ServedApi.of(List.of(new DashboardResource()));
    server = api.server();
  }

  @AfterAll
  void close() {
    client.close();
    api.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/,text/html; charset=UTF-8",
    "/assets/main.js,text/javascript; charset=UTF-8",
    "/assets/pages/now.js,text/javascript; charset=UTF-8",
    "/assets/app.css,text/css; charset=UTF-8",
    "/assets/icon.svg,image/svg+xml",
    "/assets/vendor/uPlot.LICENSE.txt,text/plain; charset=UTF-8"
  })
  void saysWhatItServes(String path, String type) throws Exception {
    HttpResponse<String> response = get(path);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).hasValue(type);
    assertThat(response.headers().firstValue("x-content-type-options")).hasValue("nosniff");
    assertThat(response.headers().firstValue("content-security-policy").orElseThrow())
        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe");
  }

  @Test
  void isAskedForAgainOnlyWhereItHasChanged() throws Exception {
    HttpResponse<String> first = get("/assets/main.js");
    String tag = first.headers().firstValue("etag").orElseThrow();
    assertThat(first.headers().firstValue("cache-control")).hasValue("no-cache");
    HttpResponse<String> again = send(request("/assets/main.js").header("If-None-Match", tag));
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(send(request("/assets/main.js").header("If-None-Match", "\"other\"")).statusCode())
        .isEqualTo(200);
    assertThat(get("/assets/app.css").headers().firstValue("etag").orElseThrow()).isNotEqualTo(tag);
  }

  @Test
  void headIsGetWithoutTheBody() throws Exception {
    HttpResponse<String> head =
        send(request("/").method("HEAD", HttpRequest.BodyPublishers.noBody()));
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.headers().firstValue("etag")).isEqualTo(get("/").headers().firstValue("etag"));
    assertThat(head.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/index.html",
        "/assets",
        "/assets/",
        "/assets/none.js",
        "/assets/pages",
        "/assets/pages/",
        "/assets//app.css",
        "/assets/..%2FDashboardResource.class",
        "/assets/%2e%2e/DashboardResource.class",
        "/assets/pages/..%2fapp.css",
        "/assets/%2Fetc%2Fpasswd",
        "/assets/app.css%00",
        "/assets/..%5c..%5cspendwatch.conf"
      })
  void servesNothingElse(String path) throws Exception {
    assertThat(get(path).statusCode()).isIn(400, 404);
  }

  @Test
  void namesAllFilesOfItsDirectory() throws Exception {
    Path web = Path.of(DashboardResource.class.getResource("web").toURI());
    try (Stream<Path> walk = Files.walk(web)) {
      assertThat(
              walk.filter(Files::isRegularFile)
                  .map(file -> web.relativize(file).toString().replace('\\', '/')))
          .containsExactlyInAnyOrderElementsOf(ALL);
    }
  }

  /** Else a page would be blank in a browser, and in no other test. */
  @ParameterizedTest
  @FieldSource("ALL")
  void importsOnlyWhatIsServed(String name) throws IOException {
    if (name.startsWith("vendor/") || !name.endsWith(".js")) {
      return;
    }
    Matcher imported = IMPORTED.matcher(content(name));
    while (imported.find()) {
      String resolved = URI.create("/" + name).resolve(imported.group(1)).getPath().substring(1);
      assertThat(ALL).as(name + " imports").contains(resolved);
    }
  }

  /** Texts of others never become markup, and nothing comes from elsewhere. */
  @ParameterizedTest
  @FieldSource("ALL")
  void hasNoMarkupFromTextsAndNoForeignAddresses(String name) throws IOException {
    if (name.startsWith("vendor/")) {
      return;
    }
    assertThat(content(name).replace("http://www.w3.org/2000/svg", ""))
        .doesNotContain(
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "http://",
            "https://");
  }

  private static String content(String name) throws IOException {
    try (var in = DashboardResource.class.getResourceAsStream("web/" + name)) {
      return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(server + path));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send(request(path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }
}
