package io.spendwatch.ops.faults.links;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.protocol.ApiKeys;

/**
 * A link to a broker that knows the frames of Kafka's protocol, so that some requests can fail
 * while the others go through. A request is a length, the request's kind, its version and a number
 * that its answer repeats.
 */
public final class KafkaLink extends TcpLink {
  private static final int FRAME_BYTES_MAX = 64 << 20;
  private static final int CORRELATION_ID_AT = 4;

  /** What becomes of a request. */
  public enum Treatment {
    PASS,
    /** The broker never hears of it, and the connection is closed. */
    CUT,
    /** The broker never hears of it, nor of what comes after it on the same connection. */
    SWALLOW,
    /** The broker does it; instead of its answer, the connection is closed. */
    CUT_ANSWER
  }

  private record Rule(Treatment treatment, Set<ApiKeys> requests) {
    Treatment of(ApiKeys request) {
      return requests.contains(request) ? treatment : Treatment.PASS;
    }
  }

  private static final Rule PASS_ALL = new Rule(Treatment.PASS, Set.of());

  private final AtomicInteger treated = new AtomicInteger();
  private volatile Rule rule = PASS_ALL;

  public KafkaLink(int serverPort) {
    super(serverPort);
  }

  /** From now on, requests of these kinds fare so. */
  public void treat(Treatment treatment, Set<ApiKeys> requests) {
    treated.set(0);
    rule = new Rule(treatment, requests);
  }

  /** From now on no request is treated otherwise. What has been swallowed stays so. */
  public void pass() {
    rule = PASS_ALL;
  }

  /** How many requests did not just pass since the last {@link #treat}. */
  public int treated() {
    return treated.get();
  }

  @Override
  void connect(Socket client, Socket server) {
    Set<Integer> unanswered = ConcurrentHashMap.newKeySet();
    Thread.ofVirtual().start(() -> requests(client, server, unanswered));
    Thread.ofVirtual().start(() -> answers(server, client, unanswered));
  }

  private void requests(Socket client, Socket server, Set<Integer> unanswered) {
    try {
      DataInputStream in = new DataInputStream(client.getInputStream());
      boolean mute = false;
      while (true) {
        ByteBuffer frame = read(in);
        Treatment treatment = rule.of(ApiKeys.forId(frame.getShort(0)));
        if (treatment != Treatment.PASS) {
          treated.incrementAndGet();
        }
        switch (treatment) {
          case PASS -> {}
          case CUT -> {
            return;
          }
          case SWALLOW -> mute = true;
          case CUT_ANSWER -> unanswered.add(frame.getInt(CORRELATION_ID_AT));
        }
        awaitPassage(client);
        if (!mute) {
          write(server.getOutputStream(), frame);
        }
      }
    } catch (IOException e) {
      // Either end is closed.
    } finally {
      closeBoth(client, server);
    }
  }

  private void answers(Socket server, Socket client, Set<Integer> unanswered) {
    try {
      DataInputStream in = new DataInputStream(server.getInputStream());
      while (true) {
        ByteBuffer frame = read(in);
        if (unanswered.contains(frame.getInt(0))) {
          return;
        }
        awaitPassage(client);
        write(client.getOutputStream(), frame);
      }
    } catch (IOException e) {
      // Either end is closed.
    } finally {
      closeBoth(client, server);
    }
  }

  private static ByteBuffer read(DataInputStream in) throws IOException {
    int length = in.readInt();
    if (length < 0 || length > FRAME_BYTES_MAX) {
      throw new IOException("a frame of " + length + " bytes");
    }
    byte[] frame = new byte[length];
    in.readFully(frame);
    return ByteBuffer.wrap(frame);
  }

  private static void write(OutputStream stream, ByteBuffer frame) throws IOException {
    // One write, so that no half of a frame waits for the other.
    ByteBuffer whole = ByteBuffer.allocate(Integer.BYTES + frame.capacity());
    whole.putInt(frame.capacity()).put(frame.duplicate());
    new DataOutputStream(stream).write(whole.array());
  }
}
