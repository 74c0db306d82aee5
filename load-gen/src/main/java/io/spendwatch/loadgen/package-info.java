/**
 * Traffic: recorded data sets replayed, TPC-DS and random histories generated with the answers that
 * the rule must give, and live load. Knows the contract only, none of the code that it tests.
 */
package io.spendwatch.loadgen;
