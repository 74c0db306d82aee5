/**
 * The forms that requests and answers have in common: parameters, JSON, problems, who is gone, and
 * what has to wait apart. Each resource is a {@link Resource}.
 */
package io.spendwatch.ops.api.answers;
