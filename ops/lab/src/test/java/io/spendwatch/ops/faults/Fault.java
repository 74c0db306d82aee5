package io.spendwatch.ops.faults;

import java.util.function.BooleanSupplier;

/** Something that is wrong with a running installation, once. For one thread. */
interface Fault {
  /** It begins. */
  void inflict();

  /** Whether it is to be seen from outside by now, as documented. */
  boolean shows();

  /** It is over. */
  void heal();

  /** One that needs no memory. */
  static Fault of(Runnable inflict, BooleanSupplier shows, Runnable heal) {
    return new Fault() {
      @Override
      public void inflict() {
        inflict.run();
      }

      @Override
      public boolean shows() {
        return shows.getAsBoolean();
      }

      @Override
      public void heal() {
        heal.run();
      }
    };
  }

  /** One that is over at once, and too soon to be seen by whoever looks now and then. */
  static Fault momentary(Runnable inflict) {
    return of(inflict, () -> true, () -> {});
  }
}
