package io.spendwatch.ops.bench;

/**
 * Something measured.
 *
 * @param benchmark by which
 * @param name what of it
 * @param value in {@code unit}
 * @param unit such as {@code s}, {@code B}, {@code users/s}
 */
public record Figure(String benchmark, String name, double value, String unit) {}
