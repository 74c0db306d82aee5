package io.spendwatch.ops.events.log;

import org.apache.pekko.util.ByteString;

/** Events in the form of server-sent events (the HTML standard, section 9.2), UTF-8. */
public final class EventText {
  private EventText() {}

  /**
   * An event.
   *
   * @param name its type there
   * @param id null for none, so that the client's last one stays
   * @param data of any number of lines
   */
  public static ByteString event(String name, String id, String data) {
    StringBuilder text = new StringBuilder(data.length() + 128);
    text.append("event: ").append(name).append('\n');
    if (id != null) {
      text.append("id: ").append(id).append('\n');
    }
    // Each of these ends a line there, and would begin a field of somebody else's making.
    for (String line : data.split("\r\n|\r|\n", -1)) {
      text.append("data: ").append(line).append('\n');
    }
    return ByteString.fromString(text.append('\n').toString());
  }

  /** What nobody is told of, but that the client's last id is this one. */
  public static ByteString place(String id) {
    return ByteString.fromString("id: " + id + "\n\n");
  }

  /** For who reads along, and for what closes quiet connections. */
  public static ByteString comment(String text) {
    return ByteString.fromString(": " + text + "\n\n");
  }

  /** After how many milliseconds a client that has lost its connection comes again. */
  public static ByteString retry(long ms) {
    return ByteString.fromString("retry: " + ms + "\n\n");
  }
}
