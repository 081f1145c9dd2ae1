plugins {
    id("com.android.application") version "8.13.0"
    id("org.jetbrains.kotlin.android") version "2.2.20"
}

android {
    namespace = "org.pielight.example"
    compileSdk = 36
    defaultConfig {
        applicationId = "org.pielight.example"
        minSdk = 28 // ImageDecoder
        targetSdk = 36
    }
    androidResources { noCompress += "tflite" }
}

kotlin { jvmToolchain(17) }

dependencies { implementation("com.google.ai.edge.litert:litert:2.3.0") }
