package io.spendwatch.ops.lab.cli;

import io.spendwatch.ops.Spendwatch;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The command line of a checkout: {@link Spendwatch}, and what tries it out. */
public final class Lab {
  private Lab() {}

  public static void main(String[] args) {
    // As Spendwatch.
    Locale.setDefault(Locale.ROOT);
    System.exit(Spendwatch.run(commands(), args));
  }

  /** All commands, in the order of the help. */
  public static Map<String, Class<?>> commands() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("demo", DemoCommand.class);
    commands.put("sandbox", SandboxCommand.class);
    commands.putAll(Spendwatch.COMMANDS);
    commands.put("rehearse", RehearseCommand.class);
    commands.put("bench", BenchCommand.class);
    commands.put("bare-loop", BareLoopCommand.class);
    commands.put("kafka-streams", KafkaStreamsCommand.class);
    commands.put("compare", CompareCommand.class);
    return Collections.unmodifiableMap(commands);
  }
}
