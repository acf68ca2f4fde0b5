package io.weft.master.scheduler;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.Set;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Counts what the scheduler does: each method that is entered or called, and each turn of a loop, in the classes of this package that
 * {@link Loader} loads. What happens inside java.util counts as the call, and as the functions of ours that it calls back.
 */
public final class Operations {
    private static final String NAME = Operations.class.getName();
    private static final String PACKAGE = NAME.substring(0, NAME.lastIndexOf('.') + 1);

    private static long count;

    private Operations() {}

    /** Called by the counted classes. */
    public static void one() {
        count++;
    }

    /** How many there were until now. */
    public static long count() {
        return count;
    }

    /** Loads this package's classes anew, with the calls that count. */
    static final class Loader extends ClassLoader {
        Loader() {
            super(Operations.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith(PACKAGE) || name.startsWith(NAME)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                return known == null ? define(name) : known;
            }
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                ClassReader reader = new ClassReader(in);
                ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
                reader.accept(new CountedClass(writer), 0);
                byte[] bytes = writer.toByteArray();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
    }

    private static final class CountedClass extends ClassVisitor {
        CountedClass(ClassVisitor next) {
            super(Opcodes.ASM9, next);
        }

        @Override
        public MethodVisitor visitMethod(int access, String name, String type, String generics, String[] exceptions) {
            return new CountedMethod(super.visitMethod(access, name, type, generics, exceptions));
        }
    }

    private static final class CountedMethod extends MethodVisitor {
        private final Set<Label> passed = new HashSet<>();

        CountedMethod(MethodVisitor next) {
            super(Opcodes.ASM9, next);
        }

        private void one() {
            super.visitMethodInsn(Opcodes.INVOKESTATIC, NAME.replace('.', '/'), "one", "()V", false);
        }

        @Override
        public void visitCode() {
            super.visitCode();
            one();
        }

        @Override
        public void visitLabel(Label label) {
            passed.add(label);
            super.visitLabel(label);
        }

        @Override
        public void visitJumpInsn(int opcode, Label label) {
            if (passed.contains(label)) {
                one();
            }
            super.visitJumpInsn(opcode, label);
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String type, boolean isInterface) {
            one();
            super.visitMethodInsn(opcode, owner, name, type, isInterface);
        }
    }
}
