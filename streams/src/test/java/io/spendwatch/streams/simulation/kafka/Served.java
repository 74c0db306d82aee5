package io.spendwatch.streams.simulation.kafka;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** Marks a method of a simulated client that stands for the real one's of the same signature. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
@interface Served {}
