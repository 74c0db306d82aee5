package io.spendwatch.ops.lab.bench;

import java.util.List;

/** Whoever takes transactions in a turn: a node, or what it is measured against. */
enum Contender {
  NODE("node", "node"),
  BARE_LOOP("bare loop", "bare-loop");

  private final String label;
  private final String command;

  Contender(String label, String command) {
    this.label = label;
    this.command = command;
  }

  /** For people. */
  String label() {
    return label;
  }

  /** By which it is started. */
  String command() {
    return command;
  }

  /** The turns of a round: each goes first as often as the other. */
  static List<Contender> turns(int round) {
    return round % 2 == 0 ? List.of(values()) : List.of(values()).reversed();
  }
}
