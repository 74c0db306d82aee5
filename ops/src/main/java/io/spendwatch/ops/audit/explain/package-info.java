/**
 * Why a verdict, an alert, or the lack of one: told from the tables alone, which every decision
 * rests on. Nothing here asks an actor.
 */
package io.spendwatch.ops.audit.explain;
