/** When the next record is due: rates, ramps, replays in time, and what is shown meanwhile. */
package io.spendwatch.loadgen.pace;
