package io.spendwatch.protocol;

/** Which end of an episode an alert marks. */
public enum AlertType {
  RAISED,
  CLEARED
}
