/**
 * Questions over much data: reports on roll-ups, a file of SQL for each, and free queries, which go
 * where the planner's own answer says that they can be answered.
 */
package io.spendwatch.ops.analysis;
