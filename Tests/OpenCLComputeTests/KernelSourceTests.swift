import Foundation
import OpenCLCompute
import Testing

@Suite("Kernel sources")
struct KernelSourceTests {
    private static let programs = [(false, 1), (true, 8)].flatMap { isForProcessors, width in
        KernelSource.all(isForProcessors: isForProcessors, vectorWidth: width)
    }

    @Test("Every cell and every operation has a program for GPUs and one for processors")
    func files() {
        let files = Set(Self.programs.map(\.file))
        #expect(files.isSuperset(of: RecurrentCell.allCases.map(\.rawValue)))
        // Products on GPUs are CLBlast's.
        #expect(Self.programs.count == 2 * files.count - 1)
    }

    @Test("What kernels and host agree on is defined for the compiler, and nowhere in the kernels")
    func constants() {
        for program in Self.programs {
            for definition in program.options.split(separator: " ").filter({ $0.hasPrefix("-D") }) {
                let name = definition.dropFirst(2).prefix { $0 != "=" }
                #expect(!program.text.contains("#define \(name) ") || name == "WIDTH", "\(program.file): \(name)")
            }
        }
    }

    /// Tests/Portability asks for them, to build each on every platform with warnings as errors.
    @Test("The programs are written down", .enabled(if: programFile != nil, "KERNEL_PROGRAMS names no file"))
    func list() throws {
        let list = Self.programs.map { ["file": $0.file, "options": $0.options, "source": $0.text] }
        try JSONEncoder().encode(list).write(to: URL(fileURLWithPath: Self.programFile!))
    }

    private static let programFile = ProcessInfo.processInfo.environment["KERNEL_PROGRAMS"]
}
