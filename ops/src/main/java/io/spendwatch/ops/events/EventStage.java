package io.spendwatch.ops.events;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.events.log.CatchUp;
import io.spendwatch.ops.events.log.EventText;
import java.time.Duration;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Outlet;
import org.apache.pekko.stream.SourceShape;
import org.apache.pekko.stream.stage.AbstractOutHandler;
import org.apache.pekko.stream.stage.AsyncCallback;
import org.apache.pekko.stream.stage.GraphStage;
import org.apache.pekko.stream.stage.GraphStageLogic;
import org.apache.pekko.stream.stage.TimerGraphStageLogic;
import org.apache.pekko.util.ByteString;

/**
 * One client's stream. It takes from the log when the client can take more and something is there;
 * a client that takes nothing costs nothing.
 */
final class EventStage extends GraphStage<SourceShape<ByteString>> {
  private static final String BEAT = "beat";
  private static final String CATCH_UP_AGAIN = "catch up again";
  private static final Duration CATCH_UP_PAUSE = Duration.ofSeconds(1);

  private final Outlet<ByteString> out = Outlet.create("events");
  private final SourceShape<ByteString> shape = SourceShape.of(out);
  private final EventHub hub;
  private final Subscription subscription;
  private final Duration heartbeat;
  private final Duration comeAgain;

  /**
   * @param heartbeat after which a client that was sent nothing is sent a comment
   * @param comeAgain after which a client comes again that has lost its connection
   */
  EventStage(EventHub hub, Subscription subscription, Duration heartbeat, Duration comeAgain) {
    this.hub = hub;
    this.subscription = subscription;
    this.heartbeat = heartbeat;
    this.comeAgain = comeAgain;
  }

  @Override
  public SourceShape<ByteString> shape() {
    return shape;
  }

  @Override
  public GraphStageLogic createLogic(Attributes attributes) {
    return new Logic();
  }

  private final class Logic extends TimerGraphStageLogic {
    private final Cursor cursor = hub.cursor(subscription);
    private EventHub.Client client;
    private ByteString begin = EventText.retry(comeAgain.toMillis());
    private boolean quiet;
    private boolean beatIsDue;
    private boolean catchesUp;
    private boolean ends;

    Logic() {
      super(shape);
      setHandler(
          out,
          new AbstractOutHandler() {
            @Override
            public void onPull() {
              deliver();
            }
          });
    }

    @Override
    public void preStart() {
      AsyncCallback<Boolean> wake = createAsyncCallback(goesOn -> wake(goesOn));
      client = new EventHub.Client(subscription, wake::invoke);
      if (!hub.join(client)) {
        // Somebody else was quicker; the client comes again, and is told why then.
        completeStage();
        return;
      }
      scheduleAtFixedRate(BEAT, heartbeat, heartbeat);
    }

    @Override
    public void postStop() {
      hub.leave(client);
    }

    @Override
    public void onTimer(Object timer) {
      if (timer.equals(CATCH_UP_AGAIN)) {
        catchesUp = false;
      } else {
        beatIsDue = quiet;
        quiet = true;
      }
      deliver();
    }

    private void wake(boolean goesOn) {
      if (goesOn) {
        deliver();
      } else if (!ends) {
        ends = true;
        emit(
            out,
            EventText.comment("this node ends: connect to another one, with the last id"),
            this::completeStage);
      }
    }

    private void deliver() {
      if (ends || !isAvailable(out)) {
        return;
      }
      ByteString due = begin.concat(cursor.take());
      begin = ByteString.emptyByteString();
      if (due.isEmpty() && beatIsDue) {
        due = cursor.beat();
      }
      if (!due.isEmpty()) {
        quiet = false;
        beatIsDue = false;
        push(out, due);
      }
      if (!catchesUp) {
        cursor.missing().ifPresent(this::catchUp);
      }
    }

    private void catchUp(AlertPosition from) {
      catchesUp = true;
      AsyncCallback<CatchUp.Chunk> done = createAsyncCallback(this::caughtUp);
      AsyncCallback<Throwable> failed =
          createAsyncCallback(_ -> scheduleOnce(CATCH_UP_AGAIN, CATCH_UP_PAUSE));
      var _ =
          hub.catchUp(from)
              .whenComplete(
                  (chunk, failure) -> {
                    if (failure == null) {
                      done.invoke(chunk);
                    } else {
                      failed.invoke(failure);
                    }
                  });
    }

    private void caughtUp(CatchUp.Chunk chunk) {
      catchesUp = false;
      cursor.caughtUp(chunk);
      deliver();
    }
  }
}
