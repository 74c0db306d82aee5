/** What a question is answered with: rows and what they rest on, as a table or as CSV. */
package io.spendwatch.ops.analysis.answer;
