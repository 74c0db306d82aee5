package io.spendwatch.ops.lab.cli;

import io.spendwatch.ops.lab.sandbox.database.BusinessServer.Engine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Products of business databases, by the names that options have for them. */
final class EngineConverter implements ITypeConverter<Engine> {
  @Override
  public Engine convert(String name) {
    return switch (name) {
      case "mariadb" -> Engine.MARIADB;
      case "postgres" -> Engine.POSTGRES;
      default ->
          throw new TypeConversionException("'" + name + "' (expected: mariadb or postgres)");
    };
  }
}
