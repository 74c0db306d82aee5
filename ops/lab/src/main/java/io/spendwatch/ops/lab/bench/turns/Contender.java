package io.spendwatch.ops.lab.bench.turns;

import java.util.List;

/** Whoever takes transactions in a turn: a node, or what it is measured against. */
public enum Contender {
  NODE("node", "node"),
  BARE_LOOP("bare loop", "bare-loop"),
  KAFKA_STREAMS("Kafka Streams", "kafka-streams");

  private final String label;
  private final String command;

  Contender(String label, String command) {
    this.label = label;
    this.command = command;
  }

  /** For people. */
  public String label() {
    return label;
  }

  /** By which it is started. */
  public String command() {
    return command;
  }

  /** The turns of a round of a node and this one: each goes first as often as the other. */
  public List<Contender> turns(int round) {
    List<Contender> turns = List.of(NODE, this);
    return round % 2 == 0 ? turns : turns.reversed();
  }
}
