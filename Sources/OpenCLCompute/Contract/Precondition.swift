// Swift's own functions of these names are silent in release builds, in which programs are run and their mistakes made.

/// Ends the program, saying why, unless the condition holds: a programmer's mistake.
@inline(__always)
package func precondition(
    _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String, file: StaticString = #fileID,
    line: UInt = #line
) {
    if !condition() { preconditionFailure(message(), file: file, line: line) }
}

/// Ends the program, saying why.
@inline(never)
package func preconditionFailure(
    _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Never {
    fatalError(message(), file: file, line: line)
}
