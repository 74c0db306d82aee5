package io.spendwatch.ops.node;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.config.EffectiveSettings;
import io.spendwatch.ops.config.EffectiveSettings.Setting;
import io.spendwatch.ops.storage.trail.OperatorTrail;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.base.Timekeeper;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.pekko.actor.Cancellable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the operators' trail know with which settings a node has started, as soon as the database is
 * there: whoever changes settings starts nodes anew. Thread-safe.
 */
final class StartedSettings implements Cancellable {
  private static final Logger LOG = LoggerFactory.getLogger(StartedSettings.class);

  /** What somebody has set: all else follows from the version. */
  private static final Set<EffectiveSettings.Source> SET =
      EnumSet.of(
          EffectiveSettings.Source.FILE,
          EffectiveSettings.Source.ENVIRONMENT,
          EffectiveSettings.Source.PROPERTY);

  private final AtomicBoolean isCancelled = new AtomicBoolean();

  private StartedSettings() {}

  /** Tries until they are noted, or until cancelled. */
  static Cancellable start(Foundation on) {
    var noting = new StartedSettings();
    var trail = new OperatorTrail(on.databases().shared());
    Configuration configuration = on.configuration();
    String settings = Json.write(of(configuration));
    var _ =
        Retry.start(
            () -> trail.noteSettings(configuration.streams().kafka().nodeId(), settings),
            configuration.streams().postgres().retry(),
            Timekeeper.real(on.clock()),
            _ -> true,
            () -> !noting.isCancelled(),
            new Told());
    return noting;
  }

  private static Map<String, String> of(Configuration configuration) {
    return EffectiveSettings.of(configuration).stream()
        .filter(setting -> SET.contains(setting.source()))
        // A zero is nothing that a text of PostgreSQL can have.
        .collect(
            Collectors.toMap(
                Setting::name,
                setting -> setting.value().replace("\\u0000", "?"),
                (first, _) -> first,
                TreeMap::new));
  }

  /** Once, however often it is tried. */
  private static final class Told implements Retry.Listener {
    @Override
    public void failed(Throwable cause, int failures) {
      if (failures == 1) {
        LOG.atWarn()
            .addKeyValue("reason", Retry.reason(cause))
            .log("Settings are not in operator_actions yet");
      }
    }

    @Override
    public void recovered(int failures) {
      LOG.info("Settings are in operator_actions");
    }
  }

  @Override
  public boolean cancel() {
    return isCancelled.compareAndSet(false, true);
  }

  @Override
  public boolean isCancelled() {
    return isCancelled.get();
  }
}
