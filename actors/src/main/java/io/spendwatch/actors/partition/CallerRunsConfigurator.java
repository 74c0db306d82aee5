package io.spendwatch.actors.partition;

import com.typesafe.config.Config;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.apache.pekko.dispatch.DispatcherPrerequisites;
import org.apache.pekko.dispatch.ExecutorServiceConfigurator;
import org.apache.pekko.dispatch.ExecutorServiceFactory;

/**
 * A dispatcher's executor that runs an actor on the thread of whoever sends to it.
 *
 * <p>Meant for actors that hear from their parent only, as users do from their partition's actor: a
 * message then costs no hand-over to another thread, and what it touches is in the caches of the
 * core that goes on with the answer. All guarantees of an actor hold, since an actor's mailbox lets
 * one thread in at a time, whichever that is. Named by {@code executor} in the configuration.
 *
 * <p>Such an actor must send to none of its kind, or messages would nest as deep as they go round.
 */
public final class CallerRunsConfigurator extends ExecutorServiceConfigurator {

  /** As Pekko calls it. */
  public CallerRunsConfigurator(Config config, DispatcherPrerequisites prerequisites) {
    super(config, prerequisites);
  }

  @Override
  public ExecutorServiceFactory createExecutorServiceFactory(
      String id, ThreadFactory threadFactory) {
    return CallerRuns::new;
  }

  private static final class CallerRuns extends AbstractExecutorService {
    private volatile boolean shutDown;

    @Override
    public void execute(Runnable mailbox) {
      mailbox.run();
    }

    @Override
    public void shutdown() {
      shutDown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutDown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutDown;
    }

    @Override
    public boolean isTerminated() {
      return shutDown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return shutDown;
    }
  }
}
