package io.spendwatch.ops.api.answers;

import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.http.javadsl.model.HttpEntities;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.model.MediaTypes;
import org.apache.pekko.http.javadsl.model.StatusCode;

/**
 * An error as RFC 9457 has it, {@code application/problem+json}.
 *
 * @param type a name for the kind of problem, for programs
 * @param title the same for people
 * @param status HTTP's
 * @param detail what it was this time
 */
public record Problem(String type, String title, int status, String detail) {

  /** With the name {@code about:blank}: nothing more to say than HTTP's own status does. */
  public static HttpResponse response(StatusCode status, String detail) {
    var problem = new Problem("about:blank", status.reason(), status.intValue(), detail);
    return HttpResponse.create()
        .withStatus(status)
        .withEntity(
            HttpEntities.create(
                ContentTypes.create(
                    MediaTypes.customWithFixedCharset(
                        "application",
                        "problem+json",
                        org.apache.pekko.http.javadsl.model.HttpCharsets.UTF_8,
                        java.util.Map.of(),
                        false)),
                Json.write(problem)));
  }
}
