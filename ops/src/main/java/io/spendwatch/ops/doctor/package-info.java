/** What is wrong with an installation, and how to mend it. It only looks, and changes nothing. */
package io.spendwatch.ops.doctor;
