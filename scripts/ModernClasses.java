import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Collections;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Rewrites the classes of a library that are for Java 5 as classes for Java 17, in place: the code
 * stays, and gets the stack maps that later versions have. An AOT cache takes no older ones, and
 * the verifier for them is slow: of a short command, that is half the time.
 *
 * <pre>java ModernClasses.java JAR</pre>
 */
final class ModernClasses {
  /** The first version with stack maps is 50. */
  private static final int OLD_MAX = 49;

  private ModernClasses() {}

  public static void main(String[] args) throws IOException {
    Path jar = Path.of(args[0]);
    Path modern = Path.of(args[0] + ".new");
    try (ZipFile in = new ZipFile(jar.toFile());
        OutputStream file = Files.newOutputStream(modern);
        ZipOutputStream out = new ZipOutputStream(file)) {
      ClassFile classes =
          ClassFile.of(
              ClassFile.ClassHierarchyResolverOption.of(
                  ClassHierarchyResolver.ofResourceParsing(
                          type -> find(in, type.descriptorString()))
                      .orElse(ClassHierarchyResolver.defaultResolver())));
      for (ZipEntry entry : Collections.list(in.entries())) {
        byte[] bytes = in.getInputStream(entry).readAllBytes();
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(entry.getName().endsWith(".class") ? modern(classes, bytes) : bytes);
        out.closeEntry();
      }
    }
    Files.move(modern, jar, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Null for a class of another jar. */
  private static InputStream find(ZipFile in, String descriptor) {
    ZipEntry entry = in.getEntry(descriptor.substring(1, descriptor.length() - 1) + ".class");
    try {
      return entry == null ? null : in.getInputStream(entry);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] modern(ClassFile classes, byte[] bytes) {
    ClassModel old = classes.parse(bytes);
    if (old.majorVersion() > OLD_MAX) {
      return bytes;
    }
    return classes.transformClass(
        old,
        // Code that is passed on element by element is assembled anew, with its stack maps.
        ClassTransform.transformingMethodBodies((code, element) -> code.with(element))
            .andThen(
                (builder, element) -> {
                  if (element instanceof ClassFileVersion) {
                    builder.withVersion(ClassFile.JAVA_17_VERSION, 0);
                  } else {
                    builder.with(element);
                  }
                }));
  }
}
