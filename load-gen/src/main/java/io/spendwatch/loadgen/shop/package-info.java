/**
 * The application of a business database: a store's sales and returns, and a plain shop's
 * transactions, as SQL transactions; and what of them Spendwatch must come to know.
 */
package io.spendwatch.loadgen.shop;
