package io.spendwatch.ops;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** What may know what. Maven's module graph says most of it; these rules say the rest. */
class ArchitectureTest {
  private static final JavaClasses SPENDWATCH =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("-tests.jar!"))
          .importPackages("io.spendwatch");

  private static final String[] SQL = {
    "java.sql..", "javax.sql..", "org.postgresql..", "io.vertx.."
  };

  @TestFactory
  Stream<DynamicTest> layersKnowOnlyWhatTheyMay() {
    return Stream.of(
            rule(
                "io.spendwatch.protocol..",
                "it is a subscriber's library; put what needs more into the module that needs it",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops..",
                "io.spendwatch.loadgen..",
                "org.apache.pekko..",
                "com.fasterxml.jackson.databind..",
                "com.typesafe.."),
            rule(
                "io.spendwatch.actors..",
                "the rule must be testable without servers; add a method to a port (Accounts, History) and implement it in streams",
                "io.spendwatch.streams..",
                "io.spendwatch.ops..",
                "io.spendwatch.loadgen..",
                "org.apache.kafka..",
                "io.netty..",
                "org.apache.pekko.http..",
                "java.net.http.."),
            noClasses()
                .that()
                .resideInAPackage("io.spendwatch.actors..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SQL)
                .because(
                    "SQL belongs to streams; add a method to a port (Accounts, History) and implement it there"),
            rule(
                "io.spendwatch.streams..",
                "it is the hot path; schema, HTTP and the command line look at it from ops, through Pipelines.status()",
                "io.spendwatch.ops..",
                "io.spendwatch.loadgen..",
                "org.flywaydb..",
                "org.apache.pekko.http..",
                "java.net.http..",
                "java.sql..",
                "org.postgresql..",
                "picocli.."),
            rule(
                "io.spendwatch.loadgen..",
                "its answers must not come from the code that they judge; talk to Spendwatch over the contract in protocol",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops..",
                "org.apache.pekko..",
                "java.sql..",
                "io.vertx.."),
            noClasses()
                .that()
                .resideOutsideOfPackage("io.spendwatch.ops.metrics..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.micrometer..")
                .because(
                    "the metrics library is known in one package; take a verb interface and implement it in ops.metrics"),
            rule(
                "io.spendwatch.ops.servers..",
                "the embedded servers are for trying out: they know no node, no schema and no settings; do that in cli or demo",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops.cli..",
                "io.spendwatch.ops.node..",
                "io.spendwatch.ops.http..",
                "io.spendwatch.ops.schema..",
                "io.spendwatch.ops.setup.."),
            noClasses()
                .that()
                .resideInAnyPackage(
                    "io.spendwatch.ops.node..",
                    "io.spendwatch.ops.cluster..",
                    "io.spendwatch.ops.http..",
                    "io.spendwatch.ops.status..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                    "io.spendwatch.ops.servers..",
                    "io.spendwatch.ops.process..",
                    "io.spendwatch.ops.cli..",
                    "io.spendwatch.ops.demo..")
                .because(
                    "a node runs against any Kafka and PostgreSQL; pass what it needs as a setting"),
            classes()
                .that()
                .haveSimpleNameEndingWith("Command")
                .and()
                .resideInAPackage("io.spendwatch.ops..")
                .and()
                .areTopLevelClasses()
                .should()
                .resideInAnyPackage("io.spendwatch.ops.cli..")
                .because("all commands stand in one place; put what they do beside it"),
            slices()
                .matching("io.spendwatch.(*)..")
                .should()
                .beFreeOfCycles()
                .because("a module is read, tested and built without those that use it"))
        .map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(SPENDWATCH)));
  }

  private static ArchRule rule(String layer, String because, String... unknown) {
    return noClasses()
        .that()
        .resideInAPackage(layer)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(unknown)
        .because(because);
  }
}
