package io.spendwatch.ops.cli;

import java.io.PrintWriter;
import java.util.Map;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lets a shell complete what is typed. */
@Command(
    name = "completion",
    mixinStandardHelpOptions = true,
    description = "Prints a script by which bash or zsh completes commands and options.",
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {"0:printed", "2:wrong usage"},
    footerHeading = "%nExample:%n",
    footer = "  source <(./spendwatch completion bash)")
public final class CompletionCommand implements Runnable {
  /** What is written for bash runs in zsh, once it was told to. */
  private static final Map<String, String> PRELUDES =
      Map.of(
          "bash",
          "",
          "zsh",
          "autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n");

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "SHELL", description = "bash or zsh.")
  private String shell;

  @Override
  public void run() {
    String prelude = PRELUDES.get(shell);
    if (prelude == null) {
      throw new ParameterException(spec.commandLine(), shell + " (expected: bash or zsh)");
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(prelude);
    out.println(AutoComplete.bash("spendwatch", spec.root().commandLine()));
    out.flush();
  }
}
