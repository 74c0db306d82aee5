package io.spendwatch.ops.cli;

import com.sun.net.httpserver.HttpServer;
import io.spendwatch.ops.Spendwatch;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What the launcher has the JVM watch after a build, so that it keeps ready what short commands
 * load: a status that is answered, and one that is not. Nothing of it leaves the process.
 */
public final class Rehearsal {
  private static final byte[] STATUS =
      """
      {"node":"n","nodes":[{"id":"n","address":"a","http":"h:1","member":"Up","reachable":true,"roles":[],"state":"READY",
       "waitingFor":[],"startedAt":"2024-07-12T15:57:33.120Z","usersAwake":1,"deliveries":{"local":1,"remote":0},
       "unreadableRows":[],"deadLetterFloods":[],"version":"1"}],
       "partitions":[{"topic":"transactions","partition":0,"node":"n","state":"RUNNING","epoch":1,"position":1,"lagRecords":0,
       "lagMs":0,"lastEventTime":"2024-07-12T15:57:33.120Z","usersAwake":1,"transactions":1,"alerts":0,"deadLetters":0,
       "internalErrors":0,"duplicates":0,"restarts":0}],
       "shards":[{"topic":"transactions","partition":0,"node":"n"}],
       "totals":{"lagRecords":0,"lagMs":0,"usersAwake":1,"transactions":1,"alerts":0,"deadLetters":0,"internalErrors":0,
       "duplicates":0},
       "audit":{"runId":1,"mode":"FULL","node":"n","startedAt":"2024-07-12T15:57:33.120Z",
       "finishedAt":"2024-07-12T15:57:34.120Z","outcome":"CLEAN","transactions":1,"findings":0,"openFindings":0},
       "lostRecords":[],"ready":true}
      """
          .getBytes(StandardCharsets.UTF_8);

  private Rehearsal() {}

  public static void main(String[] args) throws IOException {
    Locale.setDefault(Locale.ROOT);
    HttpServer node =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    node.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, STATUS.length);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(STATUS);
          }
        });
    node.start();
    System.setProperty("spendwatch.http.port", Integer.toString(node.getAddress().getPort()));
    int _ = Spendwatch.run(Spendwatch.COMMANDS, "status");
    node.stop(0);
    int _ = Spendwatch.run(Spendwatch.COMMANDS, "status", "--timeout", "1s");
  }
}
