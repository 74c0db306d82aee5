/**
 * What every command has in common, whatever its process: how its values are read, what it says
 * where it cannot go on, and with which status it ends. Knows no command.
 */
package io.spendwatch.commandline;
