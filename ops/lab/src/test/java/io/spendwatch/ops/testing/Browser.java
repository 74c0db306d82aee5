package io.spendwatch.ops.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A Chromium without a window, with one page, spoken to by its DevTools protocol: as much of it as
 * a test of a page needs, and no more of a dependency than the JDK's HTTP client. Remembers what
 * went wrong on the page. For one thread.
 */
public final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What it is called on Debian, Fedora, and where Google packs it. */
  private static final List<String> NAMES =
      List.of(
          "chromium",
          "chromium-browser",
          "chromium-headless-shell",
          "google-chrome-stable",
          "google-chrome",
          "chrome");

  private final Process process;
  private final HttpClient client = HttpClient.newHttpClient();
  private final WebSocket socket;
  private final AtomicInteger number = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> asked = new ConcurrentHashMap<>();
  private final List<String> errors = new CopyOnWriteArrayList<>();

  private Browser(Process process, int port) throws Exception {
    this.process = process;
    JsonNode page =
        JSON.readTree(
            client
                .send(
                    HttpRequest.newBuilder(
                            URI.create("http://127.0.0.1:" + port + "/json/new?about:blank"))
                        .PUT(HttpRequest.BodyPublishers.noBody())
                        .build(),
                    HttpResponse.BodyHandlers.ofString())
                .body());
    socket =
        client
            .newWebSocketBuilder()
            .buildAsync(URI.create(page.get("webSocketDebuggerUrl").asText()), new Heard())
            .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    for (String domain : List.of("Page", "Runtime", "Log")) {
      ask(domain + ".enable", Map.of());
    }
  }

  /** The browser's program: by the property {@code spendwatch.test.browser}, or on the path. */
  public static Optional<Path> program() {
    String named = System.getProperty("spendwatch.test.browser", "");
    if (!named.isEmpty()) {
      return Optional.of(Path.of(named));
    }
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .flatMap(directory -> NAMES.stream().map(name -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * Starts it.
   *
   * @param directory for its profile; empty
   */
  public static Browser start(Path program, Path directory) throws Exception {
    // None of these asks anybody but the page's own server.
    Process process =
        new ProcessBuilder(
                program.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--remote-debugging-port=0",
                "--user-data-dir=" + directory,
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("browser.log").toFile())
            .start();
    try {
      Path port = directory.resolve("DevToolsActivePort");
      Awaitility.await()
          .atMost(PATIENCE)
          .until(
              () ->
                  !process.isAlive()
                      || (Files.exists(port) && Files.readString(port).contains("\n")));
      return new Browser(process, Integer.parseInt(Files.readAllLines(port).getFirst()));
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Goes to a page, its script included; what went wrong on the one before is forgotten. */
  public void open(URI page) throws Exception {
    // Addresses that differ only behind the # would not load anything.
    ask("Page.navigate", Map.of("url", "about:blank"));
    Awaitility.await().atMost(PATIENCE).until(() -> isTrue("location.href === 'about:blank'"));
    errors.clear();
    ask("Page.navigate", Map.of("url", page.toString()));
  }

  /** Of servers whose authority only a test knows. */
  public void takeAnyCertificate() throws Exception {
    ask("Security.setIgnoreCertificateErrors", Map.of("ignore", true));
  }

  /** What is seen, as PNG; for who looks at it afterwards. */
  public void screenshot(Path file) throws Exception {
    Files.createDirectories(file.toAbsolutePath().getParent());
    Files.write(
        file,
        Base64.getDecoder().decode(ask("Page.captureScreenshot", Map.of()).get("data").asText()));
  }

  /** How wide the page is, in CSS pixels. */
  public void resize(int width, int height) throws Exception {
    ask(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
  }

  /** Shows pages as for somebody whose system is set to dark colours, or to light ones. */
  public void prefer(String colours) throws Exception {
    ask(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", colours))));
  }

  /** Whether the expression is true on the page. */
  public boolean isTrue(String expression) throws Exception {
    return evaluate("Boolean(" + expression + ")").asBoolean();
  }

  /** The text of all that the page shows. */
  public String text() throws Exception {
    return evaluate("document.body?.innerText ?? ''").asText();
  }

  /** The expression's value on the page; of a promise, what it is kept with. */
  public JsonNode evaluate(String expression) throws Exception {
    JsonNode answer =
        ask(
            "Runtime.evaluate",
            Map.of("expression", expression, "returnByValue", true, "awaitPromise", true));
    if (answer.has("exceptionDetails")) {
      throw new IOException(answer.get("exceptionDetails").toString());
    }
    return answer.at("/result/value");
  }

  /** Errors on its console, of its scripts and of what it asked for, since it was opened. */
  public List<String> errors() {
    return List.copyOf(errors);
  }

  private JsonNode ask(String method, Map<String, ?> parameters) throws Exception {
    int id = number.incrementAndGet();
    var answer = new CompletableFuture<JsonNode>();
    asked.put(id, answer);
    socket
        .sendText(
            JSON.writeValueAsString(Map.of("id", id, "method", method, "params", parameters)), true)
        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
  }

  private void heard(String text) throws IOException {
    JsonNode message = JSON.readTree(text);
    if (message.has("id")) {
      CompletableFuture<JsonNode> answer = asked.remove(message.get("id").asInt());
      if (message.has("error")) {
        answer.completeExceptionally(new IOException(message.get("error").toString()));
      } else {
        answer.complete(message.get("result"));
      }
      return;
    }
    JsonNode of = message.path("params");
    switch (message.path("method").asText()) {
      case "Runtime.exceptionThrown" -> errors.add(of.path("exceptionDetails").toString());
      case "Runtime.consoleAPICalled" -> {
        if (of.path("type").asText().equals("error")) {
          errors.add(of.path("args").toString());
        }
      }
      case "Log.entryAdded" -> {
        if (of.at("/entry/level").asText().equals("error")) {
          errors.add(of.at("/entry/text").asText() + " " + of.at("/entry/url").asText());
        }
      }
      default -> {}
    }
  }

  @Override
  public void close() {
    socket.abort();
    client.close();
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
    process.onExit().join();
  }

  /** Puts a message's parts together. */
  private final class Heard implements WebSocket.Listener {
    private final StringBuilder parts = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
      parts.append(part);
      if (last) {
        String message = parts.toString();
        parts.setLength(0);
        try {
          heard(message);
        } catch (IOException e) {
          errors.add("not understood: " + e.getMessage());
        }
      }
      from.request(1);
      return null;
    }
  }
}
