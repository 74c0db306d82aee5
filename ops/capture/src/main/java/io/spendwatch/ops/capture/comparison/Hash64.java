package io.spendwatch.ops.capture.comparison;

/** Hashes of 64 bits by which rows are told apart. Stateless. */
final class Hash64 {
  private Hash64() {}

  /** FNV-1a, with an end to each text. */
  static long fold(long seed, String text) {
    long hash = seed;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return mixed(hash ^ text.length());
  }

  /** MurmurHash3's last step. */
  static long mixed(long value) {
    long mixed = (value ^ (value >>> 33)) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
    return mixed ^ (mixed >>> 33);
  }
}
