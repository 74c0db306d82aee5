package io.spendwatch.ops.cli;

import io.spendwatch.ops.api.answers.Json;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.config.EffectiveSettings;
import io.spendwatch.ops.config.EffectiveSettings.Setting;
import io.spendwatch.ops.config.EffectiveSettings.Source;
import io.spendwatch.ops.config.EnvironmentVariables;
import io.spendwatch.protocol.ForeignText;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Shows the settings in force. */
@Command(
    name = "print-config",
    mixinStandardHelpOptions = true,
    exitCodeOnExecutionException = 2,
    description = {
      "Prints the settings in force, each with where it comes from: the defaults, the file that"
          + " SPENDWATCH_CONFIG names, a variable of the environment, or a -D option of the JVM. The"
          + " output can be such a file itself. Secrets are stars.",
      "A setting that does not exist, or is out of its range, fails."
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:printed", "2:a setting is unknown or wrong"},
    footerHeading = "%nExample:%n",
    footer = "  spendwatch print-config --changed")
public final class PrintConfigCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(names = "--changed", description = "Leave out what has its default.")
  private boolean changed;

  @Option(
      names = "--json",
      description =
          "Print {settings: [{name, value, source, origin}], unknownVariables: {name: meant}}.")
  private boolean json;

  /**
   * The document.
   *
   * @param unknownVariables of the environment: they begin with our name and are no settings; with
   *     what may have been meant
   */
  private record Document(List<Setting> settings, Map<String, String> unknownVariables) {}

  @Override
  public Integer call() {
    List<Setting> settings =
        EffectiveSettings.of(Configuration.load()).stream()
            .filter(setting -> !changed || setting.source() != Source.DEFAULT)
            .toList();
    Map<String, String> unknown = EnvironmentVariables.unknown(System.getenv());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(ForeignText.inJson(Json.write(new Document(settings, unknown))));
      return 0;
    }
    for (Setting setting : settings) {
      out.println(
          ForeignText.shown(
              setting.name()
                  + " = "
                  + setting.value()
                  + "  # "
                  + (setting.source() == Source.DEFAULT ? "default, " : "")
                  + setting.origin()));
    }
    unknown.forEach(
        (name, meant) ->
            out.println(
                ForeignText.shown(
                    "# "
                        + name
                        + " is no setting"
                        + (meant.isEmpty() ? "" : ": did you mean " + meant + "?"))));
    return 0;
  }
}
