package io.spendwatch.ops;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
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

  private static final String ROOMS =
      "a package is read without those that use it; move the class to where it is used, or give it what it needs";

  private static final String WITHIN =
      "rooms within a room are read from the ground up, too; move the class to where it is used, or give it what it needs";

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
                "io.spendwatch.commandline..",
                "io.spendwatch.errors..",
                "org.apache.pekko..",
                "com.fasterxml.jackson.databind..",
                "com.typesafe..",
                "picocli.."),
            rule(
                "io.spendwatch.errors..",
                "everybody may throw what an operator must put right; say in words what it is about",
                "io.spendwatch.protocol..",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops..",
                "io.spendwatch.loadgen..",
                "io.spendwatch.commandline.."),
            rule(
                "io.spendwatch.commandline..",
                "it is around every command, and knows none; pass what differs between them",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops..",
                "io.spendwatch.loadgen.."),
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
                "its answers must not come from the code that they assess; talk to Spendwatch over the contract in protocol",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops..",
                "org.apache.pekko..",
                "io.vertx.."),
            noClasses()
                .that()
                .resideInAPackage("io.spendwatch.loadgen..")
                .and()
                .resideOutsideOfPackage("io.spendwatch.loadgen.shop..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SQL)
                .because(
                    "its answers must not come from the tables that they assess; the shop has a business database of its own"),
            noClasses()
                .that()
                .resideOutsideOfPackage("io.spendwatch.ops.metrics..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.micrometer..")
                .because(
                    "the metrics library is known in one package; take a verb interface and implement it in ops.metrics"),
            rule(
                "io.spendwatch.actors.exposure..",
                "the rule is plain Java, to be read and tested by itself; what needs an actor stands in partition",
                "org.apache.pekko..",
                "io.spendwatch.actors.partition..",
                "io.spendwatch.actors.address.."),
            rule(
                "io.spendwatch.streams.capture..",
                "what a change of a row is to us is plain Java, to be read and tested by itself; what reads a log stands in ops/capture",
                "org.apache.kafka..",
                "org.apache.pekko..",
                "io.vertx.."),
            rule(
                "io.spendwatch..",
                "what reads other databases' logs is on no node's class path; it stands in ops/capture",
                "io.debezium..",
                "org.apache.kafka.connect.."),
            rule(
                "io.spendwatch..",
                "what writes the archive has native code that no node needs; it stands in ops/archive",
                "org.duckdb..",
                "software.amazon.awssdk.."),
            rule(
                "io.spendwatch.ops.lab.sandbox..",
                "the embedded servers are for trying out: they know no node, no schema and no settings; do that in lab.cli or demo",
                "io.spendwatch.actors..",
                "io.spendwatch.streams..",
                "io.spendwatch.ops.cli..",
                "io.spendwatch.ops.node..",
                "io.spendwatch.ops.api..",
                "io.spendwatch.ops.storage.."),
            noClasses()
                .that()
                .resideInAnyPackage(
                    "io.spendwatch.protocol..",
                    "io.spendwatch.actors..",
                    "io.spendwatch.streams..",
                    "io.spendwatch.ops..",
                    "io.spendwatch.loadgen..")
                .and()
                .resideOutsideOfPackage("io.spendwatch.ops.lab..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.spendwatch.ops.lab..")
                .because(
                    "what tries Spendwatch out is not on a node's class path; pass what it needs as a setting"),
            noClasses()
                .that()
                .resideInAnyPackage(
                    "io.spendwatch.ops.node..",
                    "io.spendwatch.ops.api..",
                    "io.spendwatch.ops.status..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                    "io.spendwatch.ops.cli..",
                    "io.spendwatch.commandline..",
                    "io.spendwatch.loadgen..")
                .because(
                    "a node runs against any Kafka and PostgreSQL; pass what it needs as a setting"),
            noClasses()
                .that()
                .resideInAPackage("io.spendwatch.streams..")
                .and()
                .resideOutsideOfPackages(
                    "io.spendwatch.streams.database..",
                    "io.spendwatch.streams.ledger..",
                    "io.spendwatch.streams.pipeline..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SQL)
                .because("statements stand in database and ledger; pipeline starts them"),
            classes()
                .that()
                .haveSimpleNameEndingWith("Command")
                .and()
                .resideInAPackage("io.spendwatch.ops..")
                .and()
                .areTopLevelClasses()
                .should()
                .resideInAnyPackage("io.spendwatch.ops.cli..", "io.spendwatch.ops.lab.cli..")
                .because("all commands stand in one place; put what they do beside it"),
            classes()
                .should(nameOnlyWhatTheyMay())
                .because(
                    "the compiler lets them pass where types are inferred, and the JVM does not; make it public"),
            rooms(
                "io.spendwatch.(*)..",
                "a module is read, tested and built without those that use it"),
            rooms("io.spendwatch.actors.(*)..", ROOMS),
            rooms("io.spendwatch.streams.(*)..", ROOMS),
            rooms("io.spendwatch.loadgen.(*)..", ROOMS),
            rooms("io.spendwatch.ops.(*)..", ROOMS),
            rooms("io.spendwatch.ops.lab.(*)..", ROOMS),
            rooms("io.spendwatch.streams.(**)", WITHIN),
            rooms("io.spendwatch.ops.(**)", WITHIN))
        .map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(SPENDWATCH)));
  }

  /** No class of another package that is not public. */
  private static ArchCondition<JavaClass> nameOnlyWhatTheyMay() {
    return new ArchCondition<>("name no hidden class of another package") {
      @Override
      public void check(JavaClass named, ConditionEvents events) {
        for (Dependency dependency : named.getDirectDependenciesFromSelf()) {
          JavaClass target = dependency.getTargetClass().getBaseComponentType();
          if (target.getPackageName().startsWith("io.spendwatch")
              && !target.getPackage().equals(named.getPackage())
              && !target.getModifiers().contains(JavaModifier.PUBLIC)) {
            events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
          }
        }
      }
    };
  }

  private static ArchRule rooms(String packages, String because) {
    return slices().matching(packages).should().beFreeOfCycles().because(because);
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
