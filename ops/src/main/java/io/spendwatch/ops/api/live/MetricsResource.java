package io.spendwatch.ops.api.live;

import static org.apache.pekko.http.javadsl.server.Directives.complete;
import static org.apache.pekko.http.javadsl.server.Directives.get;
import static org.apache.pekko.http.javadsl.server.Directives.path;

import io.spendwatch.ops.api.answers.Resource;
import java.util.function.Supplier;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.server.Route;

/** {@code GET /metrics}, for Prometheus. */
public final class MetricsResource implements Resource {

  /** The text format's own type; it is UTF-8. */
  private static final ContentType.NonBinary PROMETHEUS =
      (ContentType.NonBinary) ContentTypes.parse("text/plain; version=0.0.4; charset=utf-8");

  private final Supplier<String> text;

  /**
   * @param text all metrics, in Prometheus' text format
   */
  public MetricsResource(Supplier<String> text) {
    this.text = text;
  }

  @Override
  public Route routes() {
    return path("metrics", () -> get(() -> complete(HttpEntities.create(PROMETHEUS, text.get()))));
  }
}
