import CCLBlast

extension Device {
    /// Gives back the programs that CLBlast keeps for the life of the process; a later product builds them anew.
    ///
    /// To be called when a program is about to end. Left to the destructors at its end, they may go to a driver that
    /// has been taken down before them, and some crash on that (Oclgrind does).
    public static func releasePrograms() { _ = CLBlastClearCache() }
}
