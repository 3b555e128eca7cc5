import FoundationEssentials
import FuzzTargets
import Glibc

// The two functions that libFuzzer calls (https://llvm.org/docs/LibFuzzer.html). FUZZ_TARGET names the kind of file.
private let target: FuzzTarget = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        fatalError("FUZZ_TARGET is '\(name)'; choose one of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // In memory of its own, exactly so long, so that the address sanitizer sees what is read beside it.
    _ = target.read(Data(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    let mutator = Mutator(bytes: bytes, count: count, limit: limit, seed: UInt64(seed))
    return switch target {
    case .checkpoint, .pytorch: mutator.safeTensors()
    case .archive, .torch, .cache: mutator.any()
    }
}
