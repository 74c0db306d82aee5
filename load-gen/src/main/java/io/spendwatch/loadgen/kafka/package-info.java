/** Where records go, and where alerts come from. */
package io.spendwatch.loadgen.kafka;
