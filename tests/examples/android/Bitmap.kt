// A stand-in for Android's class.
package android.graphics

class Bitmap(val width: Int, val height: Int, private val colors: IntArray) {
    enum class Config { ARGB_8888 }

    fun getPixels(out: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {
        check(offset == 0 && x == 0 && y == 0 && stride == this.width && width == this.width && height == this.height)
        colors.copyInto(out)
    }

    companion object {
        @JvmStatic
        fun createScaledBitmap(source: Bitmap, width: Int, height: Int, filter: Boolean): Bitmap {
            check(filter && source.width == width && source.height == height) { "the test's photo has the model's size" }
            return source
        }

        @JvmStatic
        fun createBitmap(colors: IntArray, width: Int, height: Int, config: Config) =
            Bitmap(width, height, colors.copyOf()).also { check(config == Config.ARGB_8888) }
    }
}
