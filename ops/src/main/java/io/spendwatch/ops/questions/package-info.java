/**
 * Questions to users' actors through the cluster: how does a user stand, who is nearest to their
 * limit, what would a transaction do.
 */
package io.spendwatch.ops.questions;
